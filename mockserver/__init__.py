"""A local mock server and contract-testing toolkit for asynchronous image-generation APIs."""
