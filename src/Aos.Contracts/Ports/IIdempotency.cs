using System.Data.Common;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Where a request with an idempotency key stands. On the wire in lower case.</summary>
public enum KeyState
{
    /// <summary>Somebody is at it.</summary>
    Reserved,

    /// <summary>Done; the answer is kept.</summary>
    Completed,

    /// <summary>Refused or broken; it may be tried again.</summary>
    Failed,
}

/// <param name="Owner">Who reserved it; nobody else completes it.</param>
/// <param name="Subject">What it made, for instance a trace's id; null: nothing yet.</param>
/// <param name="Answer">The answer to give again; null: none yet.</param>
public sealed record KeyRow(KeyState State, string Owner, string? Subject, JsonElement? Answer, DateTimeOffset ExpiresAt);

/// <param name="Scope">What kind of request, for instance <c>traces</c>.</param>
/// <param name="Key">1 to 255 characters.</param>
public sealed record RequestKey(TenantId Tenant, string Scope, string Key);

/// <summary>What came of reserving a key.</summary>
public abstract record KeyReply
{
    private KeyReply() { }

    /// <summary>The key is the caller's until the end of its lease.</summary>
    public sealed record Reserved : KeyReply;

    /// <summary>The same request was completed: this was its answer.</summary>
    public sealed record Repeat(JsonElement Answer) : KeyReply;

    /// <summary>The same request is at work elsewhere, at most until then.</summary>
    public sealed record AtWork(DateTimeOffset Until) : KeyReply;

    /// <summary>The key was used with another request.</summary>
    public sealed record Conflict : KeyReply;
}

/// <summary>
/// Keys of what must not be done twice, one scheme for requests, traces and runs' starts, in one table: reserved by one owner, completed in the
/// transaction of what they stand for, or failed. The key of a run's start is completed by the append that starts it. Keys of steps are events
/// of their runs (<see cref="IStepKeys"/>) and are told in the same words. Without the database nothing is reserved: it fails closed.
/// </summary>
public interface IIdempotency
{
    /// <param name="fingerprint">SHA-256 of the canonical request.</param>
    /// <param name="lease">A reservation that is neither completed nor failed by then is free again.</param>
    Task<KeyReply> ReserveAsync(RequestKey key, byte[] fingerprint, string owner, TimeSpan lease, CancellationToken cancel);

    /// <summary>In the transaction of the work itself. False: the reservation is no longer the owner's, so the work must not be done.</summary>
    bool Complete(DbConnection connection, DbTransaction transaction, RequestKey key, string owner, string subject, JsonElement answer, TimeSpan lifetime);

    /// <summary>Gives the owner's reservation up; the state can be read for <paramref name="lifetime"/>, and the key be reserved again at once.</summary>
    Task FailAsync(RequestKey key, string owner, TimeSpan lifetime, CancellationToken cancel);

    /// <summary>Null: there is none, or its time is over.</summary>
    Task<KeyRow?> FindAsync(RequestKey key, CancellationToken cancel);
}
