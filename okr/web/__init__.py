"""Our own pages: the coming meetings and their packs for HRBPs, the state of things for ops."""
