from django.db import migrations

# Knows no table, so that every kind of version can use it: its argument is the one column that may still change.
KEEP = """
CREATE FUNCTION coaching_keep_row() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'A row of % never changes once it is in use: add a new one.', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$body$;
CREATE TRIGGER coaching_prompt_kept BEFORE UPDATE OR DELETE ON coaching_promptversion
  FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION coaching_keep_row('created_by_id');
CREATE TRIGGER coaching_publication_kept BEFORE UPDATE OR DELETE ON coaching_promptpublication
  FOR EACH ROW EXECUTE FUNCTION coaching_keep_row('published_by_id');
CREATE TRIGGER coaching_playbook_kept BEFORE UPDATE OR DELETE ON coaching_playbookversion
  FOR EACH ROW EXECUTE FUNCTION coaching_keep_row('published_by_id');
"""
UNDO = """
DROP TRIGGER coaching_playbook_kept ON coaching_playbookversion;
DROP TRIGGER coaching_publication_kept ON coaching_promptpublication;
DROP TRIGGER coaching_prompt_kept ON coaching_promptversion;
DROP FUNCTION coaching_keep_row();
"""


class Migration(migrations.Migration):
    dependencies = [("coaching", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, UNDO)]
