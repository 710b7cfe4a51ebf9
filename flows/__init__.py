"""When things run, and the only room that knows Prefect: thin flows over `okr.pipeline`."""
