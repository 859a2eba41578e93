package simulation

// tryDamage damages a copy of the disk, and starts a node on it.
func (w *world) tryDamage() {}
