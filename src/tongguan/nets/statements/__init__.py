"""What running prose says of persons: pieces of text, an encoder's features of them, a net of ours over those."""
