import django.db.models.deletion
import uuid
from django.db import migrations, models


# Only who works without a business reaches it: the application on the public host, and the owner. Businesses' roles get
# no grant either, see section `shared` of tenants/postgresql/roles.sql.
WALLS = """
ALTER TABLE signup_businessrequest ENABLE ROW LEVEL SECURITY;
ALTER TABLE signup_businessrequest FORCE ROW LEVEL SECURITY;
CREATE POLICY outside_businesses ON signup_businessrequest USING (current_user = session_user);
"""

NO_WALLS = """
DROP POLICY outside_businesses ON signup_businessrequest;
ALTER TABLE signup_businessrequest NO FORCE ROW LEVEL SECURITY;
ALTER TABLE signup_businessrequest DISABLE ROW LEVEL SECURITY;
"""

TENANT = """
ALTER TABLE signup_businessrequest ADD CONSTRAINT signup_built
    FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (id) ON DELETE SET NULL;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0002_row_level_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='BusinessRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('requested', 'E-mail not confirmed'), ('waiting', 'Waits for you'), ('confirmed', 'Next to be built'), ('building', 'Being built'), ('ready', 'Ready'), ('failed', 'Failed'), ('refused', 'Refused')], default='requested', editable=False, max_length=10)),
                ('name', models.CharField(max_length=60, verbose_name='business')),
                ('slug', models.CharField(max_length=40, verbose_name='address')),
                ('trade', models.CharField(blank=True, max_length=100)),
                ('place', models.CharField(blank=True, max_length=10)),
                ('admin_name', models.CharField(max_length=100, verbose_name='first admin')),
                ('admin_email', models.EmailField(max_length=254, verbose_name="first admin's e-mail")),
                ('asked_by', models.CharField(blank=True, editable=False, max_length=100)),
                ('origin', models.CharField(blank=True, editable=False, max_length=32)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('confirmed_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True)),
                ('invited_at', models.DateTimeField(editable=False, null=True)),
                ('schema_name', models.CharField(blank=True, editable=False, max_length=41, verbose_name='short name')),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('try_after', models.DateTimeField(editable=False, null=True)),
                ('problem_code', models.CharField(blank=True, choices=[('', 'None'), ('taken', 'The address went to another business'), ('refused', 'What was entered can not be built'), ('broken', 'Building broke off')], editable=False, max_length=10)),
                ('problem', models.TextField(blank=True, editable=False)),
                ('tenant', models.OneToOneField(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='request', to='tenants.tenant', verbose_name='built')),
            ],
            options={
                'verbose_name': 'new business',
                'verbose_name_plural': 'new businesses',
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['confirmed', 'building'])), fields=['confirmed_at'], name='signup_to_be_built'), models.Index(fields=['origin', 'created_at'], name='signup_by_origin'), models.Index(fields=['admin_email', 'created_at'], name='signup_by_email')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'confirmed', 'building'])), fields=('slug',), name='signup_one_holds_an_address', violation_error_message='This address is taken. Choose another.')],
            },
        ),
        migrations.RunSQL(TENANT, "ALTER TABLE signup_businessrequest DROP CONSTRAINT signup_built"),
        migrations.RunSQL(WALLS, NO_WALLS),
    ]
