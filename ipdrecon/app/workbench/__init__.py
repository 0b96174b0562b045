"""The workbench: the verbs with a mouse, on this machine only; it holds no statistics and no image code."""
