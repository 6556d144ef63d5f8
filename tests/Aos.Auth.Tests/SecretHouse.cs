using System.Data.Common;
using System.Text.Json;

namespace Aos.Auth.Tests;

/// <summary>What tests of secrets ask a house for.</summary>
internal static class SecretHouse
{
    /// <summary>A value that nobody else has.</summary>
    internal static string NewValue() => $"sk-{Guid.NewGuid():N}";

    internal static Task<Reply> AsAsync(this AuthHouse house, MadeKey key, string method, string path, string? body = null) =>
        house.AskAsync(method, path, body, ("X-AOS-Key", key.Text));

    /// <summary>Gives a secret a value; further members as JSON.</summary>
    internal static async Task<Reply> PutSecretAsync(this AuthHouse house, MadeKey key, string name, string value, string more = "")
    {
        var reply = await house.AsAsync(key, "PUT", $"/api/v1/secrets/{name}", Body(value, more));
        Assert.True(reply.Status is 200 or 201, reply.Body.GetRawText());
        return reply;
    }

    internal static string Body(string value, string more = "") => $$"""{"value":{{JsonSerializer.Serialize(value)}}{{(more.Length > 0 ? "," + more : "")}} }""";

    /// <summary>A plan of one call that sends the secret.</summary>
    internal static string Plan(EchoPeer peer, string secret, string path = "/", string more = "") =>
        $$"""{"plan":{"name":"p","steps":[{{Step("a", peer, secret, path)}}]}""" + (more.Length > 0 ? "," + more : "") + "}";

    internal static string Step(string id, EchoPeer peer, string secret, string path = "/") =>
        $$$"""{"id":"{{{id}}}","skill":"http_call","params":{"url":"{{{peer.Url}}}{{{path}}}","headers":{"Authorization":"Bearer secret:{{{secret}}}" } } }""";

    /// <summary>Runs a plan to its end.</summary>
    internal static Task<Reply> RunAsync(this AuthHouse house, MadeKey key, string plan) => house.AsAsync(key, "POST", "/api/v1/runs?wait=30", plan);

    /// <summary>Everything that the store holds in this table, as text: bytes as they are and in hex.</summary>
    internal static async Task<string> TextOfAsync(this AuthHouse house, string table)
    {
        var text = new System.Text.StringBuilder();
        await house.ReadAsync($"SELECT * FROM {table}", row =>
        {
            for (var i = 0; i < row.FieldCount; i++) text.Append(Text(row, i)).Append('\n');
        });
        return text.ToString();
    }

    private static string Text(DbDataReader row, int column) => row.GetValue(column) is byte[] bytes
        ? System.Text.Encoding.Latin1.GetString(bytes) + Convert.ToHexStringLower(bytes)
        : row.GetValue(column).ToString()!;
}
