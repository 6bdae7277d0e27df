"""What the server does before it answers its first visitor, and beside the runs of the pages."""
