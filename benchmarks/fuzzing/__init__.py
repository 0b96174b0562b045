"""What the fuzz run is made of: seeds, mutations, readers, and the watched process in which they are tried."""
