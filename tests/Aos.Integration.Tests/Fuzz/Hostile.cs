using System.Text;

namespace Aos.Integration.Tests.Fuzz;

/// <summary>Makes hostile input out of a seed: the same seed, the same input.</summary>
internal sealed class Hostile(int seed)
{
    private static readonly string[] Names =
    [
        "plan", "steps", "skill", "params", "query_type", "agent_id", "goal", "budget_cents", "seed", "labels", "wait", "inputs", "id", "depends_on", "when", "for_each",
        "retry", "fallback", "on_error", "timeout", "verdict", "format", "name", "tenant_id", "idempotency_key", "run", "await", "signal", "sleep", "output", "", "__proto__", "a\\u0000b",
    ];

    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-0", "-1", "1.5", "1e400", "-1e-400", "99999999999999999999999999999999", "9223372036854775807", "18446744073709551616", "\"\"",
        "\"\\u0000\"", "\"echo\"", "\"wait\"", "\"json_transform\"", "\"${{ steps[0].result }}\"", "\"${{ ((((((\"", "\"${{ 1/0 }}\"", "\"../../etc/passwd\"", "\"😀\\ud83d\\ude00\"",
        "\"1h\"", "\"P1D\"", "\"2026-13-45T99:99:99Z\"", "\"' OR 1=1 --\"", "\"%s%n\"", "\"[object Object]\"",
    ];

    private static readonly string[] Segments = ["x", "%00", "..%2f..%2fetc", "00000000-0000-0000-0000-000000000000", "018f0000-0000-7000-8000-000000000000", "😀", "a%20b", "'--", "-1"];

    private readonly Random random = new(seed);

    internal string Method() => Pick(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

    /// <summary>A value for a parameter of a path.</summary>
    internal string Segment() => random.Next(8) == 0 ? new string('a', random.Next(1, 1500)) : Uri.EscapeDataString(Uri.UnescapeDataString(Pick(Segments)));

    internal string QueryText()
    {
        var text = new StringBuilder();
        for (var i = random.Next(4); i > 0; i--)
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(Pick(["limit", "offset", "status", "before", "after", "wait", "label.a", "expires", "format", "sig", "start_time", "k", "query"]));
            text.Append('=').Append(Pick(["-1", "0", "1", "2", "99999999999999", "1e3", "%ff", "%00", "NaN", "", "running", "a=b", "2026-01-01"]));
        }

        return text.ToString();
    }

    internal (string Name, string Value) Header() =>
        (Pick(["X-AOS-Key", "X-Tenant-ID", "X-Correlation-ID", "Idempotency-Key", "Last-Event-ID", "Content-Type", "Accept", "Origin", "X-Roles", "Cookie"]),
            Pick(["", "a", "-1", "99999999999999999999", "application/xml", "text/plain; charset=utf-16", "../..", new string('h', 2000), "a,b;c=\"d"]));

    /// <summary>A body: mostly JSON, well formed or not.</summary>
    internal byte[] Body()
    {
        var bytes = Encoding.UTF8.GetBytes(random.Next(3) == 0 ? Plan() : Json(0));
        return random.Next(8) switch
        {
            0 => bytes[..random.Next(bytes.Length + 1)],
            1 => Flipped(bytes),
            2 => [.. bytes, .. bytes],
            3 => Encoding.UTF8.GetBytes(Nested(random.Next(1, 20_000))),
            4 => [0xEF, 0xBB, 0xBF, .. bytes],
            5 => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(bytes)),
            _ => bytes,
        };
    }

    /// <summary>Text of a plan file: YAML or JSON, damaged in some way.</summary>
    internal byte[] File()
    {
        var text = random.Next(3) switch
        {
            0 => Plan(),
            1 => "name: p\nsteps:\n  - id: a\n    skill: echo\n    params: {n: 1, t: \"x\"}\n  - id: b\n    sleep: 1h\n",
            _ => Pick(
            [
                "a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g]",
                "a: &a\n  b: *a", "? [1, 2]\n: 3", "--- 1\n--- 2", "a: 1\na: 2", "!!binary x", "- " + new string('[', 5000), "a: " + new string('[', 300_000), "a: " + string.Concat(Enumerable.Repeat("{b: ", 50_000)), "a: .inf\nb: .nan\nc: 0x1F\nd: 1e999", "\t- x", "%YAML 9.9\n---\na", "a: |\n  b\n c",
            ]),
        };
        var bytes = Encoding.UTF8.GetBytes(text);
        return random.Next(4) switch { 0 => bytes, 1 => bytes[..random.Next(bytes.Length + 1)], _ => Flipped(bytes) };
    }

    private byte[] Flipped(byte[] bytes)
    {
        var copy = bytes.ToArray();
        for (var i = random.Next(1, 5); i > 0 && copy.Length > 0; i--) copy[random.Next(copy.Length)] = (byte)random.Next(256);
        return copy;
    }

    private string Nested(int depth) => Pick(["[", "{\"plan\":"]) is var open ? string.Concat(Enumerable.Repeat(open, depth)) : "";

    /// <summary>Something near a plan: the shapes that get furthest.</summary>
    private string Plan()
    {
        var first = $"{{\"skill\":{Scalar()},\"params\":{Json(3)},\"{Pick(Names)}\":{Json(3)}}}";
        var second = $"{{\"skill\":\"echo\",\"params\":{{\"x\":{Scalar()}}}}}";
        return $"{{\"{Pick(["plan", "steps"])}\":[{first},{second}],\"{Pick(Names)}x\":{Scalar()},\"query_type\":{Scalar()}}}";
    }

    private string Json(int depth)
    {
        if (depth > 5 || random.Next(3) == 0) return Scalar();
        var parts = Enumerable.Range(0, random.Next(5)).Select(_ => Json(depth + 1));
        return random.Next(2) == 0 ? $"[{string.Join(',', parts)}]" : $"{{{string.Join(',', parts.Select(part => $"\"{Pick(Names)}\":{part}"))}}}";
    }

    private string Scalar() => random.Next(30) == 0 ? $"\"{new string('x', 50_000)}\"" : Pick(Scalars);

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
