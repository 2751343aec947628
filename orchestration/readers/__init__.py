"""What people read outside of the pages: terminal, plan, alerts, agreements."""
