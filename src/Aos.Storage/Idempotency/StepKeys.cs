using System.Data.Common;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>
/// Keys of steps' calls, kept by the database itself with the event that orders the call: whoever appends, of whichever build, cannot
/// leave them out, and an append that is not done leaves none.
/// </summary>
internal sealed class StepKeys(IDatabase database, ICluster cluster) : IStepKeys
{
    private static readonly string Ticks = IStepKeys.Lifetime.Ticks.ToString(CultureInfo.InvariantCulture);

    internal static Migration Migration { get; } = new("storage-step-keys", 1, "keys of steps", $"""
        CREATE TABLE step_keys (
          tenant_id TEXT NOT NULL, key TEXT NOT NULL, run_id BLOB NOT NULL, effect TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          PRIMARY KEY (tenant_id, key, run_id, effect)
        ) WITHOUT ROWID;
        CREATE INDEX step_keys_expiry ON step_keys (expires_at);
        CREATE TRIGGER journal_step_keys AFTER INSERT ON journal WHEN NEW.kind = 'step.started.v1' BEGIN
          INSERT OR IGNORE INTO step_keys (tenant_id, key, run_id, effect, at, expires_at)
          SELECT r.tenant_id, substr(json_extract(CAST(NEW.body AS TEXT), '$.data.key'), 1, {IStepKeys.CharsMax}), NEW.run_id, json_extract(CAST(NEW.body AS TEXT), '$.data.effect'), NEW.at, NEW.at + {Ticks}
          FROM runs r WHERE r.id = NEW.run_id AND json_valid(CAST(NEW.body AS TEXT)) AND json_extract(CAST(NEW.body AS TEXT), '$.data.key') IS NOT NULL;
        END;
        """)
    {
        Postgres = $"""
            CREATE TABLE step_keys (
              tenant_id text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, run_id uuid NOT NULL, effect text COLLATE "C" NOT NULL, at bigint NOT NULL, expires_at bigint NOT NULL,
              PRIMARY KEY (tenant_id, key, run_id, effect));
            CREATE INDEX step_keys_expiry ON step_keys (expires_at);
            CREATE FUNCTION aos_step_key() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE data jsonb;
            BEGIN
              BEGIN
                data := convert_from(NEW.body, 'UTF8')::jsonb -> 'data';
              EXCEPTION WHEN others THEN
                RETURN NULL;
              END;
              IF data ->> 'key' IS NOT NULL AND data ->> 'effect' IS NOT NULL THEN
                INSERT INTO step_keys (tenant_id, key, run_id, effect, at, expires_at)
                SELECT r.tenant_id, left(data ->> 'key', {IStepKeys.CharsMax}), NEW.run_id, data ->> 'effect', NEW.at, NEW.at + {Ticks} FROM runs r WHERE r.id = NEW.run_id
                ON CONFLICT DO NOTHING;
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER journal_step_keys AFTER INSERT ON journal FOR EACH ROW WHEN (NEW.kind = 'step.started.v1') EXECUTE FUNCTION aos_step_key()
            """,
    };

    public Task<IReadOnlyList<(RunId Run, EffectId Effect)>> FindAsync(TenantId tenant, string key, CancellationToken cancel) => database.For(tenant).ReadAsync<IReadOnlyList<(RunId, EffectId)>>(
        async (connection, token) =>
        {
            var start = key.Length > IStepKeys.CharsMax ? key[..IStepKeys.CharsMax] : key;
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT run_id, effect FROM step_keys WHERE tenant_id = @tenant AND key = @start AND expires_at > @now ORDER BY at DESC, run_id DESC, effect DESC LIMIT 10",
                new { tenant = tenant.Value, start, now = cluster.Now.UtcTicks }, cancellationToken: token));
            var found = new List<(RunId, EffectId)>();
            while (await rows.ReadAsync(token))
            {
                var run = database.Dialect == Dialect.Postgres ? new RunId(rows.GetGuid(0)) : Columns.Id(rows.GetFieldValue<byte[]>(0));
                if (EffectId.TryParse(rows.GetString(1), out var effect)) found.Add((run, effect));
            }

            return found;
        },
        cancel);
}
