namespace Aos.Auth.Tests;

/// <summary>What tests of connections ask a house for.</summary>
internal static class ConnectionHouse
{
    internal const string Crm = """{"kind":"http","settings":{"base_url":"https://api.example.com/v1","auth":{"type":"bearer","token":"secret:CRM_TOKEN"} } }""";

    internal static async Task<Reply> PutConnectionAsync(this AuthHouse house, MadeKey key, string name, string body)
    {
        var reply = await house.AsAsync(key, "PUT", $"/api/v1/connections/{name}", body);
        Assert.True(reply.Status is 200 or 201, reply.Body.GetRawText());
        return reply;
    }

    /// <summary>A connection to a peer with a bearer token; further members of the order as JSON.</summary>
    internal static Task<Reply> PutBearerAsync(this AuthHouse house, MadeKey key, string name, string url, string secret, string more = "") => house.PutConnectionAsync(
        key, name, $$$"""{"kind":"http","settings":{"base_url":"{{{url}}}","auth":{"type":"bearer","token":"secret:{{{secret}}}"} }{{{(more.Length > 0 ? "," + more : "")}}} }""");

    /// <summary>A plan of one call through a connection.</summary>
    internal static string Plan(string connection, string url = "/", string more = "") =>
        $$"""{"plan":{"name":"p","steps":[{{Step("a", connection, url)}}]}""" + (more.Length > 0 ? "," + more : "") + "}";

    internal static string Step(string id, string connection, string url = "/") =>
        $$$"""{"id":"{{{id}}}","skill":"http_call","params":{"connection":"{{{connection}}}","url":"{{{url}}}"} }""";
}
