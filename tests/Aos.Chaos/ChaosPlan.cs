using System.Collections.Concurrent;
using System.Text.Json;

namespace Aos.Chaos;

/// <summary>The plan of every run under proof, and what the receiver must have seen of it.</summary>
internal static class ChaosPlan
{
    /// <summary>Pure steps, waits, an effect that may repeat and, in every second run, one that may not.</summary>
    internal static object Of(int n, string origin)
    {
        var effect = n % 2 == 0
            ? (object)new { id = "once", skill = "http_call", @params = new { method = "POST", url = $"{origin}/once/{n}", body = new { n } } }
            : new { id = "again", skill = "http_call", @params = new { method = "PUT", url = $"{origin}/again/{n}", body = new { n } } };
        return new
        {
            name = "chaos",
            steps = new object[]
            {
                new { id = "say", skill = "echo", @params = new { message = $"run {n}" } },
                new { id = "first", sleep = $"{1500 + (n * 37 % 4500)}ms" },
                effect,
                new { id = "second", sleep = $"{n * 53 % 1500}ms" },
                new { id = "put", skill = "http_call", @params = new { method = "PUT", url = $"{origin}/put/{n}", body = new { n } } },
            },
        };
    }

    /// <summary>The step whose outcome nobody knows, or null.</summary>
    internal static string? Unknown(JsonElement run)
    {
        if (!run.TryGetProperty("steps", out var steps) || steps.ValueKind != JsonValueKind.Array) return null;
        foreach (var step in steps.EnumerateArray())
        {
            if (step.GetRawText().Contains("OUTCOME_UNKNOWN", StringComparison.Ordinal)) return step.GetProperty("id").GetString();
        }

        return null;
    }

    /// <summary>The at-most-once effect came once; every other one came at least once, always with the same key.</summary>
    internal static void Check(int n, Receiver receiver, ConcurrentQueue<string> wrong)
    {
        if (n % 2 == 0)
        {
            var once = receiver.Keys($"POST /once/{n}").Count;
            if (once != 1) wrong.Enqueue($"run {n}: the at-most-once effect arrived {once} times");
        }
        else Same($"PUT /again/{n}");

        Same($"PUT /put/{n}");

        void Same(string path)
        {
            var keys = receiver.Keys(path);
            if (keys.Count == 0) wrong.Enqueue($"run {n}: {path} never arrived");
            if (keys.Distinct(StringComparer.Ordinal).Count() > 1 || keys.Contains("")) wrong.Enqueue($"run {n}: {path} came with the keys {string.Join(", ", keys)}");
        }
    }
}
