"""The practice cloud: what it adds to the contract that every cloud keeps."""
