"""Floor 2: owns the database. Loads accepted rows, builds, publishes."""
