namespace Aos.Auth.Tests;

/// <summary>Databases that an agent's run may ask.</summary>
[Trait("store", "none")]
public sealed class DatabasesOfRuns
{
    [Fact]
    [Trait("id", "F5.73-39")]
    public async Task An_agent_asks_databases_of_its_domains_only()
    {
        await using var world = await AgentHouse.OpenAsync();
        Assert.True((await world.House.AsFirstAsync("PUT", "/api/v1/secrets/PW", """{"value":"a password"}""")).Status is 200 or 201);
        foreach (var host in new[] { "good", "evil" })
        {
            var made = await world.House.AsFirstAsync(
                "PUT", $"/api/v1/connections/{host}", $$$"""{"kind":"postgres","settings":{"host":"{{{host}}}.example","port":1,"database":"d","user":"u","password":"secret:PW","sslmode":"disable"} }""");
            Assert.True(made.Status == 201, made.Body.GetRawText());
        }

        var agent = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example"]} """);

        var evil = await world.RunAsync(agent, $"[{Step("evil")}]");
        var good = await world.RunAsync(agent, $"[{Step("good")}]");

        Assert.Equal(("PERMISSION_DENIED", "domain"), (evil.Text("outcome.error.code"), evil.Text("outcome.error.details.reason")));
        Assert.NotEqual("PERMISSION_DENIED", good.Text("outcome.error.code"));
    }

    private static string Step(string connection) =>
        $$$"""{"id":"a","skill":"postgres_query","params":{"connection":"{{{connection}}}","query":"SELECT 1"},"retry":{"max_attempts":1} }""";
}
