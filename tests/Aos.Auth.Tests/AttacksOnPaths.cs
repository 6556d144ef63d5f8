using Aos.App.Server;

namespace Aos.Auth.Tests;

/// <summary>Ids and filters that mean more than what they are.</summary>
public sealed class AttacksOnPaths(OpenHouse open) : IClassFixture<OpenHouse>
{
    private static readonly string[] Places = ["/etc/passwd", "master.key", "api.key"];

    private readonly AuthHouse house = open.House;

    [Theory]
    [Trait("id", "ATTACK-path-traversal")]
    [InlineData("..%2f..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("..%5c..%5cmaster.key")]
    [InlineData("..%252f..%252fmaster.key")]
    [InlineData("%2e%2e%2fmaster.key")]
    [InlineData("..%c0%afmaster.key")]
    [InlineData("..%00.json")]
    [InlineData("%00")]
    [InlineData("....//....//master.key")]
    [InlineData("..;/master.key")]
    [InlineData("%2fetc%2fpasswd")]
    [InlineData("file:%2f%2f%2fetc%2fpasswd")]
    public async Task Every_route_with_an_id_takes_it_for_a_word(string id)
    {
        var paths = OpenApi().Where(route => route.Contains('{', StringComparison.Ordinal)).Select(route => System.Text.RegularExpressions.Regex.Replace(route, "\\{[^}]+\\}", id)).ToArray();

        Assert.True(paths.Length > 20, $"{paths.Length}");
        foreach (var path in paths)
        {
            var answer = await GetAsync(path, AuthHouse.FirstKey);
            Assert.True(answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || IsAboutNothing(path, answer), $"{path}: {answer}");
            Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("\r\nX-Evil", answer, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [Trait("id", "ATTACK-path-traversal")]
    [InlineData("/healthz/../api/v1/keys")]
    [InlineData("/healthz/%2e%2e/api/v1/keys")]
    [InlineData("/./api/v1/keys")]
    [InlineData("/healthz/..%2fapi/v1/keys")]
    [InlineData("//api/v1/keys")]
    [InlineData("/API/V1/KEYS")]
    [InlineData("/api/v1/keys/")]
    [InlineData("/api/v1/keys;x=/healthz")]
    [InlineData("/api/v1/keys%2f")]
    [InlineData("/api/v1/keys?/healthz")]
    [InlineData("http://a/api/v1/keys")]
    public async Task No_spelling_of_a_shut_route_leads_around_its_gate(string target) =>
        Assert.Matches("^HTTP/1\\.1 40[0134] ", await GetAsync(target, null));

    [Theory]
    [Trait("id", "ATTACK-path-traversal")]
    [InlineData("csv&expires=9999999999&sig=00000000000000000000000000000000")]
    [InlineData("..%2f..%2fmaster.key&expires=9999999999&sig=00000000000000000000000000000000")]
    [InlineData("csv&expires=9999999999&sig=")]
    public async Task A_download_needs_its_signature_before_any_file_is_looked_for(string query)
    {
        Assert.Matches("^HTTP/1\\.1 4", await GetAsync($"/status_history/download/..%2fmaster?format={query}", AuthHouse.FirstKey));
        Assert.Matches("^HTTP/1\\.1 4", await GetAsync($"/status_history/download/x?format={query}", null));
    }

    [Theory]
    [Trait("id", "ATTACK-sql")]
    [InlineData("%25")]
    [InlineData("_")]
    [InlineData("a_ent")]
    [InlineData("agent%25")]
    [InlineData("agent%27%20OR%20%271%27%3D%271")]
    [InlineData("agent%27%3B%20DROP%20TABLE%20runs%3B--")]
    [InlineData("%5C")]
    [InlineData("agent%00")]
    [InlineData("*")]
    public async Task A_filter_finds_what_equals_it_and_no_pattern(string text)
    {
        await house.AsFirstAsync("POST", "/api/v1/runs?wait=20", """{"plan":[{"skill":"echo"}],"agent_id":"agent","labels":{"team":"agent"}}""");

        Assert.NotEmpty((await house.AsFirstAsync("GET", "/api/v1/runs?agent_id=agent&label.team=agent"))["runs"].EnumerateArray());
        await NothingAsync($"/api/v1/runs?agent_id={text}", "runs");
        await NothingAsync($"/api/v1/runs?label.team={text}", "runs");
        await NothingAsync($"/api/v1/runs?workflow={text}", "runs");
        await NothingAsync($"/api/v1/audit?subject={text}", "entries");
        await NothingAsync($"/api/v1/audit?resource={text}", "entries");
        await NothingAsync($"/status_history?entity_id={text}", "items");
        await NothingAsync($"/status_history?entity_type={text}", "items");
        Assert.NotEmpty((await house.AsFirstAsync("GET", "/api/v1/runs?agent_id=agent"))["runs"].EnumerateArray());
    }

    [Theory]
    [Trait("id", "ATTACK-sql")]
    [InlineData("x'); DELETE FROM api_keys; --")]
    [InlineData("%")]
    [InlineData("\\u0000")]
    public async Task A_text_of_a_body_is_kept_as_it_is(string text)
    {
        var key = await house.KeyAsync("readonly");

        var made = await house.AsFirstAsync("POST", "/api/v1/keys", $$"""{"name":"{{text}}","roles":["readonly"]}""");
        var run = await house.AsFirstAsync("POST", "/api/v1/runs?wait=20", $$"""{"plan":[{"skill":"echo","params":{"t":"{{text}}"} }],"idempotency_key":"{{text}}"}""");

        Assert.True(made.Status is 201 or (>= 400 and < 500), $"{made.Status}");
        Assert.True(run.Status is 201 or (>= 400 and < 500), $"{run.Status}");
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text))).Status);
    }

    private IEnumerable<string> OpenApi() =>
        OpenApiPage.Routes(house.Services).Where(route => route.Method == "GET").Select(route => route.Path);

    /// <summary>Routes that answer for names that nobody knows too: with what holds for everybody, and that it is unknown.</summary>
    private static bool IsAboutNothing(string path, string answer) =>
        answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) && !Places.Any(place => answer.Contains($"\"{place}\"", StringComparison.Ordinal))
        && (path.Contains("/resource-contract/", StringComparison.Ordinal) || path.Contains("/status_history/entity/", StringComparison.Ordinal)
            || (path.Contains("/traces/idempotency/", StringComparison.Ordinal) && answer.EndsWith("{\"executed\":false}", StringComparison.Ordinal)));

    private Task<string> GetAsync(string target, string? key) =>
        house.RawAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n{(key is null ? "" : $"X-AOS-Key: {key}\r\n")}Connection: close\r\n\r\n");

    private async Task NothingAsync(string path, string list)
    {
        var reply = await house.AsFirstAsync("GET", path);
        Assert.True(reply.Status is >= 400 and < 500 || (reply.Status == 200 && reply[list].GetArrayLength() == 0), $"{path}: {reply.Status} {reply.Body.GetRawText()}");
    }
}
