"""What people and other systems get of a run: packs, mails, views; and what of it may leave."""
