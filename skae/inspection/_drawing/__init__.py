"""How pictures look: colours, panels, strips of rows; nothing here knows an estimator."""
