// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Heads of audit logs, kept where nobody can take them back
/// @notice One line of anchors a log. A line only grows: each anchor covers more entries than the one before it, and
/// none is ever changed or removed. Only writers may add; only the owner names writers. Nothing is payable, nothing is
/// called, and the code cannot be replaced.
contract AuditAnchor {
    struct Anchor {
        bytes32 root; // Merkle root over the first `size` entries (RFC 9162)
        uint64 size; // number of entries
        uint64 time; // of the block, as the chain writes it
    }

    address public owner;
    mapping(address => bool) public writers;
    mapping(bytes32 => Anchor[]) private lines; // log id: SHA-256 of the checkpoints' origin line

    event Anchored(bytes32 indexed log, uint64 indexed size, bytes32 root, address indexed writer);
    event WriterSet(address indexed writer, bool allowed);
    event OwnerSet(address indexed owner);

    error NotOwner();
    error NotWriter();
    error NotGrown(uint64 newest);

    constructor() {
        owner = msg.sender;
        writers[msg.sender] = true;
        emit OwnerSet(msg.sender);
        emit WriterSet(msg.sender, true);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// @notice Let an account add anchors, or no longer.
    function setWriter(address writer, bool allowed) external onlyOwner {
        writers[writer] = allowed;
        emit WriterSet(writer, allowed);
    }

    /// @notice Hand the list of writers to another account; to the zero address, to nobody for ever.
    function setOwner(address next) external onlyOwner {
        owner = next;
        emit OwnerSet(next);
    }

    /// @notice Add the head of a log. Reverts unless it covers more entries than the newest one.
    function anchor(bytes32 log, uint64 size, bytes32 root) external {
        if (!writers[msg.sender]) revert NotWriter();
        Anchor[] storage line = lines[log];
        uint64 newest = line.length == 0 ? 0 : line[line.length - 1].size;
        if (size <= newest) revert NotGrown(newest);
        line.push(Anchor(root, size, uint64(block.timestamp)));
        emit Anchored(log, size, root, msg.sender);
    }

    /// @notice How many anchors a log has.
    function count(bytes32 log) external view returns (uint256) {
        return lines[log].length;
    }

    /// @notice Some of a log's anchors, oldest first: at most `limit` of them from number `first` on.
    function list(bytes32 log, uint256 first, uint256 limit) external view returns (Anchor[] memory part) {
        Anchor[] storage line = lines[log];
        if (first >= line.length) return part;
        uint256 found = line.length - first;
        if (found > limit) found = limit;
        part = new Anchor[](found);
        for (uint256 i = 0; i < found; i++) part[i] = line[first + i];
    }
}
