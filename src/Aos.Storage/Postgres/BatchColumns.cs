using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>A column of a batch: its values go as one array parameter, and <c>unnest</c> makes rows of them again.</summary>
internal sealed class BatchColumn<T>(NpgsqlDbType type)
{
    private readonly List<T> values = [];

    internal void Add(T value) => values.Add(value);

    internal void Clear() => values.Clear();

    internal NpgsqlParameter Parameter() => new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
}

/// <summary>Values of the rows of runs in a batch, one list a column.</summary>
internal sealed class RunColumns
{
    private readonly BatchColumn<Guid> id = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<string> tenant = new(NpgsqlDbType.Text);
    private readonly BatchColumn<short> status = new(NpgsqlDbType.Smallint);
    private readonly BatchColumn<int> seq = new(NpgsqlDbType.Integer);
    private readonly BatchColumn<long?> wake = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<Guid?> owner = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<int> attempt = new(NpgsqlDbType.Integer);
    private readonly BatchColumn<long> spent = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<long> updated = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<long?> ended = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<string?> failure = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string?> root = new(NpgsqlDbType.Text);
    private readonly BatchColumn<short?> lane = new(NpgsqlDbType.Smallint);

    internal int Count { get; private set; }

    internal void Add(RunRow row)
    {
        Count++;
        id.Add(row.Id.Value);
        tenant.Add(row.Tenant.Value);
        status.Add((short)row.Status);
        seq.Add(row.Seq);
        wake.Add(row.WakeAt?.UtcTicks);
        owner.Add(row.Owner?.Value);
        attempt.Add(row.Attempt);
        spent.Add(row.Spent.ToMicros());
        updated.Add(row.UpdatedAt.UtcTicks);
        ended.Add(row.EndedAt?.UtcTicks);
        failure.Add(row.FailureCode);
        root.Add(row.RootHash);
        lane.Add((short?)row.Lane);
    }

    internal void Clear()
    {
        Count = 0;
        id.Clear();
        tenant.Clear();
        status.Clear();
        seq.Clear();
        wake.Clear();
        owner.Clear();
        attempt.Clear();
        spent.Clear();
        updated.Clear();
        ended.Clear();
        failure.Clear();
        root.Clear();
        lane.Clear();
    }

    /// <summary>In the order id, tenant, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane.</summary>
    internal IEnumerable<NpgsqlParameter> Parameters() =>
    [
        id.Parameter(), tenant.Parameter(), status.Parameter(), seq.Parameter(), wake.Parameter(), owner.Parameter(), attempt.Parameter(),
        spent.Parameter(), updated.Parameter(), ended.Parameter(), failure.Parameter(), root.Parameter(), lane.Parameter(),
    ];
}
