"""Floor 0: what knows nothing of the business."""
