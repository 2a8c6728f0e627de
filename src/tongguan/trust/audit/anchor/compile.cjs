// Compiles AuditAnchor.sol with npm's solc and prints contract.json. For developers, after a change of the contract:
//   node src/tongguan/trust/audit/anchor/compile.cjs > contract.json && mv contract.json src/tongguan/trust/audit/anchor/
// The EVM is that of `london`: the instructions that FISCO BCOS 3 has too. No metadata is appended, so that the same
// source gives the same code anywhere.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const solc = require(require.resolve("solc", { paths: [process.cwd(), __dirname] }));

const EVM = "london";
const source = readFileSync(join(__dirname, "AuditAnchor.sol"), "utf8");
const input = {
  language: "Solidity",
  sources: { "AuditAnchor.sol": { content: source } },
  settings: {
    evmVersion: EVM,
    optimizer: { enabled: true, runs: 200 },
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
if (output.errors?.length) {
  console.error(output.errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}
const { abi, evm } = output.contracts["AuditAnchor.sol"].AuditAnchor;
const made = {
  source_sha256: createHash("sha256").update(source).digest("hex"),
  compiler: solc.version(),
  evm: EVM,
  abi,
  bytecode: `0x${evm.bytecode.object}`,
  runtime: `0x${evm.deployedBytecode.object}`,
};
console.log(JSON.stringify(made, null, 1));
