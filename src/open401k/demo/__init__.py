"""The sandbox: two invented sponsors, their payroll provider's files, and the story that `open401k demo` plays."""
