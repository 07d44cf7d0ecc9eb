"""The coaching material in the business's own admin, a module per idea."""

from coaching.admin import knowledge, playbook, playbook_versions, prompts

__all__ = ["knowledge", "playbook", "playbook_versions", "prompts"]
