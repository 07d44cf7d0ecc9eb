"""Rows of several businesses in one table: each business's role reaches its own, by `current_user`.

A policy names no role. A business's role can not sign in, so `current_user = session_user` is true for whoever works
without a business: the owner, who migrates, and the application when it looks up a host or serves operators. FORCE
holds the owner to the policies, too: rows seen by a function of the owner's, called from a business, stay that
business's own.
"""

from django.db import migrations

TABLES = """
ALTER TABLE tenants_tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants_tenant FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants_domain ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants_domain FORCE ROW LEVEL SECURITY;
"""

POLICIES = """
CREATE POLICY outside_businesses ON tenants_tenant USING (current_user = session_user);
CREATE POLICY own_row ON tenants_tenant FOR SELECT USING (owner_role = current_user);

CREATE POLICY outside_businesses ON tenants_domain USING (current_user = session_user);
CREATE POLICY own_rows ON tenants_domain FOR SELECT USING (owner_role = current_user);
-- A business asks for a host name. That it leads anywhere is decided outside: there is no policy for UPDATE.
CREATE POLICY ask ON tenants_domain FOR INSERT WITH CHECK (
    owner_role = current_user
    AND verified_at IS NULL
    AND NOT is_primary
    AND EXISTS (SELECT FROM tenants_tenant t WHERE t.id = tenant_id AND t.owner_role = current_user)
);
CREATE POLICY withdraw ON tenants_domain FOR DELETE USING (owner_role = current_user AND NOT is_primary);
"""

NO_POLICIES = """
DROP POLICY withdraw ON tenants_domain;
DROP POLICY ask ON tenants_domain;
DROP POLICY own_rows ON tenants_domain;
DROP POLICY outside_businesses ON tenants_domain;
DROP POLICY own_row ON tenants_tenant;
DROP POLICY outside_businesses ON tenants_tenant;
"""

NO_TABLES = TABLES.replace("FORCE", "NO FORCE").replace("ENABLE", "DISABLE")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(TABLES, NO_TABLES),
        migrations.RunSQL(POLICIES, NO_POLICIES),
    ]
