"""What every cloud must do for the portal: the practice cloud always, the lab when asked."""
