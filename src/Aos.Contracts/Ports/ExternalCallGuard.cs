using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Holds the requests of one skill call to where the run, and the house, let calls go, and remembers those that were kept in. What
/// stays within the machine is no external call: an address of the loopback, or <c>localhost</c> if it leads there and nowhere else.
/// </summary>
/// <param name="rules">Each must let a target out.</param>
public sealed class ExternalCallGuard(string skill, string? step, IReadOnlyList<ExternalCalls> rules)
{
    private readonly Lock gate = new();
    private ImmutableArray<BlockedCall> blocked = [];
    private Failure? first;

    /// <summary>Each once, in the order in which they were met.</summary>
    public ImmutableArray<BlockedCall> Blocked
    {
        get
        {
            lock (gate) return blocked;
        }
    }

    /// <summary>Why the first of them was kept in; null: none was.</summary>
    public Failure? First
    {
        get
        {
            lock (gate) return first;
        }
    }

    /// <summary>Why no connection may go there (<c>EXTERNAL_CALL_BLOCKED</c>), or null. A refusal is remembered.</summary>
    /// <param name="resolve">The addresses of a name, asked for <c>localhost</c> alone.</param>
    public async ValueTask<Failure?> RefusalAsync(string host, int port, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancel)
    {
        if (WebTarget.Of($"http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host.Trim('[', ']')}]" : host)}:{port}/") is not { } target)
            return Refuse(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")); // What cannot be judged is not let out.
        return rules.All(rule => rule.Allows(skill, target)) || await IsHereAsync(target.Host, resolve, cancel) ? null : Refuse(target.ToString());
    }

    private static async ValueTask<bool> IsHereAsync(string host, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var literal)) return IPAddress.IsLoopback(literal);
        // Any other name is its owner's, who can have it lead here now and elsewhere a moment later.
        if (host != "localhost" && !host.EndsWith(".localhost", StringComparison.Ordinal)) return false;
        var addresses = await resolve(host, cancel);
        return addresses.Length > 0 && Array.TrueForAll(addresses, IPAddress.IsLoopback);
    }

    private Failure Refuse(string target)
    {
        var call = new BlockedCall(skill, target);
        var failure = FailureCatalog.Fail("EXTERNAL_CALL_BLOCKED", $"{skill} may not call {call.Target}: external_calls does not let it out.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("call_type", skill);
            writer.WriteString("target", call.Target);
            if (step is not null) writer.WriteString("step_id", step);
            writer.WriteEndObject();
        }));
        lock (gate)
        {
            if (!blocked.Contains(call)) blocked = blocked.Add(call);
            first ??= failure;
        }

        return failure;
    }
}
