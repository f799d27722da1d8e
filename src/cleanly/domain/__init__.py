"""Floor 2: the slices of the business."""
