"""Floor 1: machines with their own tables, blind to the business."""
