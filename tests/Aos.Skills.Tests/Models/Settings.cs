namespace Aos.Skills.Tests.Models;

/// <summary>Settings of the models: what is read, what is named when it is wrong.</summary>
[Trait("store", "none")]
public sealed class Settings
{
    [Fact]
    public void Without_settings_answers_are_scripted()
    {
        var options = Read([]);

        Assert.Empty(options.Problems);
        Assert.Empty(options.Endpoints);
        Assert.Equal("scripted", options.DefaultProvider);
    }

    [Fact]
    public void Keys_open_their_providers()
    {
        var options = Read(new() { ["ANTHROPIC_API_KEY"] = "a", ["OPENAI_API_KEY"] = "o" });

        Assert.Equal(["anthropic", "openai"], options.Endpoints.Select(endpoint => endpoint.Name));
        Assert.Equal("anthropic", options.DefaultProvider);
        Assert.All(options.Endpoints, endpoint => Assert.True(endpoint.IsOfficial));
    }

    [Fact]
    public void A_base_url_alone_is_a_server_of_ones_own()
    {
        var endpoint = Assert.Single(Read(new() { ["OPENAI_BASE_URL"] = "http://127.0.0.1:11434/v1/", ["OPENAI_MODEL"] = "llama3" }).Endpoints);

        Assert.Equal(("http://127.0.0.1:11434/v1", "llama3", false), (endpoint.BaseUrl, endpoint.Model, endpoint.IsOfficial));
        Assert.Null(endpoint.ApiKey);
    }

    [Fact]
    public void Named_endpoints_come_from_a_file_and_their_keys_from_settings()
    {
        var options = Read(
            new() { ["AOS_MODELS"] = "models", ["MY_KEY"] = "k" },
            """{"default":"far","endpoints":[{"name":"near","base_url":"http://localhost:1/v1","model":"m"},{"name":"far","wire":"anthropic","base_url":"https://far.example","model":"m2","api_key_setting":"MY_KEY"}]}""");

        Assert.Empty(options.Problems);
        Assert.Equal("far", options.DefaultProvider);
        Assert.Equal(("k", ModelWire.Anthropic), (options.Endpoints[1].ApiKey, options.Endpoints[1].Wire));
    }

    [Theory]
    [InlineData("AOS_MODELS", """{"endpoints":[{"name":"Bad name","base_url":"ftp://x","model":""}]}""", "endpoints[0].name")]
    [InlineData("AOS_MODELS", """{"endpoints":[{"name":"a","base_url":"http://x/v1","model":"m","api_key_setting":"NONE"}]}""", "NONE, which is not set")]
    [InlineData("AOS_MODELS", """{"default":"b","endpoints":[{"name":"a","base_url":"http://x/v1","model":"m"}]}""", "b is not configured")]
    [InlineData("AOS_PRICES", """{"prices":[{"provider":"openai","model":"x","input_cents_per_million":-1,"output_cents_per_million":1,"since":"soon","source":"s"}]}""", "prices[0].input_cents_per_million")]
    [InlineData("AOS_SCRIPT", """{"answers":[{"contains":"a"}]}""", "answers[0]")]
    [InlineData("AOS_SCRIPT", """{"answers":[{"error":"NO_SUCH_CODE"}]}""", "answers[0].error")]
    [InlineData("OPENAI_BASE_URL", "", "no http or https URL")]
    public async Task A_wrong_setting_is_named_and_stops_the_calls(string setting, string file, string message)
    {
        var options = Read(new() { [setting] = "file" }, file);

        Assert.Contains(options.Problems, problem => problem.Contains(message, StringComparison.Ordinal));
        await using var room = new ModelRoom(options);
        Assert.Equal("CONFIG_INVALID", (await room.AskAsync("""{"prompt":"a"}""")).Failure?.Code);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains("AOS_PRICES: nowhere cannot be read", Assert.Single(ModelsOptions.Read(
            name => name == "AOS_PRICES" ? "nowhere" : null, path => throw new FileNotFoundException("no such file")).Problems), StringComparison.Ordinal);

    [Fact]
    public void Prices_of_a_file_stand_above_the_shipped_ones()
    {
        var options = Read(
            new() { ["AOS_PRICES"] = "prices" },
            """{"prices":[{"provider":"openai","model":"gpt-4o","input_cents_per_million":1.5,"output_cents_per_million":2,"since":"2026-01-01","source":"contract"}]}""");

        Assert.Empty(options.Problems);
        Assert.Equal(1.5m, options.Prices.Find("openai", "gpt-4o")!.InputCentsPerMillion);
        Assert.Equal(250m, options.Prices.Find("openai", "gpt-4o", new DateOnly(2025, 6, 1))!.InputCentsPerMillion);
    }

    private static ModelsOptions Read(Dictionary<string, string> settings, string file = "{}") =>
        ModelsOptions.Read(name => settings.GetValueOrDefault(name), _ => Json.Parse(file));
}
