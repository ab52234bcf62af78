"""What the wire says: contracts are read here, and their replies rendered and read."""
