"""What the catalogue says about tables and views that could show one business the rows of another."""

from __future__ import annotations

# Tables of the shared schema whose rows belong to businesses: name, policies on, policies forced on the owner, too.
SHARED_TABLES = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND (
    EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'owner_role' AND NOT a.attisdropped
    )
    OR EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = to_regclass('public.tenants_tenant')
    )
)
ORDER BY c.relname
"""

# Views, wherever they are, that look with their owner's rights: past policies and grants of who asks.
OPEN_VIEWS = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (c.relkind = 'm' OR (
    c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions)
        OR 'security_invoker=on' = ANY (c.reloptions), false)
)) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""
