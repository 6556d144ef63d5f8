using System.Globalization;

namespace Aos.App.Server;

/// <summary>
/// What stands beside a line of the log: whose work it is. Of all that is in scope only these are written; what the web framework adds,
/// such as paths, is not.
/// </summary>
internal static class LogFields
{
    internal static readonly string[] Names = ["correlation_id", "request_id", "run_id", "workflow_id", "agent_id", "tenant_id", "step_id", "step_index"];

    private const string Run = "run_id";
    private const string Request = "request_id";

    /// <summary>By the order of <see cref="Names"/>; of a name that is in scope twice the inner one. Null: nothing is in scope.</summary>
    internal static string?[]? Of(IExternalScopeProvider? scopes)
    {
        var found = new Found();
        scopes?.ForEachScope(static (scope, into) => into.Take(scope), found);
        return found.Values;
    }

    private sealed class Found
    {
        internal string?[]? Values { get; private set; }

        internal void Take(object? scope)
        {
            if (scope is not IReadOnlyList<KeyValuePair<string, object?>> fields) return;
            for (var i = 0; i < fields.Count; i++)
            {
                var (name, value) = fields[i];
                if (value is null || Array.IndexOf(Names, name) is not (>= 0 and var at)) continue;
                (Values ??= new string?[Names.Length])[at] = Convert.ToString(value, CultureInfo.InvariantCulture);
                if (name == Run) Values[Array.IndexOf(Names, Request)] = null; // The request that happened to wake the run is not what it works for.
            }
        }
    }
}

/// <summary>Beside every line that is logged while a request is answered.</summary>
internal sealed class RequestFields(string request, string? correlation) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 2;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("request_id", request),
        1 => new("correlation_id", correlation),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"request_id={request} correlation_id={correlation}";
}
