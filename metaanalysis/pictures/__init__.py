"""What a meta-analysis looks like: each picture in a module of its own, all saved the same way."""
