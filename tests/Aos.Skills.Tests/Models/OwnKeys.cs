using Aos.Contracts;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>Whose key a provider is asked with.</summary>
public sealed class OwnKeys
{
    private const string Own = "sk-of-the-tenant";

    [Fact]
    [Trait("id", "SEC-17")]
    public async Task A_tenants_own_key_counts_before_the_houses()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = Room(peer, "sk-of-the-house", needsKey: false, new Given("acme", SecretAnswer.Of(Own)));

        foreach (var tenant in new[] { "acme", "other" }) Assert.True((await room.AskAsync("""{"prompt":"Hi"}""", tenant)).Ok);

        Assert.Equal([Own, "sk-of-the-house"], peer.Calls.Select(call => call.Headers["x-api-key"].ToString()));
    }

    [Theory]
    [Trait("id", "SEC-17")]
    [InlineData("PERMISSION_DENIED", true)]
    [InlineData("CONFIG_INVALID", false)]
    public async Task A_key_that_may_or_can_not_be_used_is_not_made_up_for_by_the_houses(string code, bool isRefused)
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        var answer = isRefused ? SecretAnswer.Refused(FailureCatalog.Fail("PERMISSION_DENIED", "no")) : SecretAnswer.Of("two\nlines");
        await using var room = Room(peer, "sk-of-the-house", needsKey: false, new Given("acme", answer));

        Assert.Equal(code, (await room.AskAsync("""{"prompt":"Hi"}""", "acme")).Failure?.Code);
        Assert.Empty(peer.Calls);
    }

    [Fact]
    [Trait("id", "SEC-17")]
    public async Task A_provider_for_own_keys_only_is_not_asked_without_one()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ok")));
        await using var room = Room(peer, null, needsKey: true, new Given("acme", SecretAnswer.Of(Own)));

        var refused = (await room.AskAsync("""{"prompt":"Hi"}""", "other")).Failure!;

        Assert.Equal("LLM_AUTH_FAILED", refused.Code);
        Assert.Contains("aos secrets set MODEL_KEY", refused.Message, StringComparison.Ordinal);
        Assert.Empty(peer.Calls);
        Assert.True((await room.AskAsync("""{"prompt":"Hi"}""", "acme")).Ok);
    }

    [Fact]
    [Trait("id", "SEC-11")]
    public async Task A_key_that_the_provider_says_back_is_hidden()
    {
        await using var talks = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text($"your key is {context.Request.Headers["x-api-key"]}")));
        await using var refuses = await ModelServer.OpenAsync((context, _) => ModelServer.RefuseAsync(context, 401, $$"""{"error":{"type":"authentication_error","message":"{{context.Request.Headers["x-api-key"]}} is wrong"} }"""));
        await using var told = Room(talks, null, needsKey: false, new Given("acme", SecretAnswer.Of(Own)));
        await using var refused = Room(refuses, null, needsKey: false, new Given("acme", SecretAnswer.Of(Own)));

        await using var house = Room(talks, "sk-of-the-house", needsKey: false, new Given("acme", SecretAnswer.Of(Own)));
        await using var word = Room(talks, "ollama", needsKey: false, new Given("acme", SecretAnswer.Of(Own)));

        Assert.Equal("your key is [REDACTED]", (await told.AskAsync("""{"prompt":"Hi"}""", "acme")).Result.GetText("response_text"));
        Assert.Equal("your key is [REDACTED]", (await house.AskAsync("""{"prompt":"Hi"}""", "other")).Result.GetText("response_text"));
        Assert.Equal("your key is ollama", (await word.AskAsync("""{"prompt":"Hi"}""", "other")).Result.GetText("response_text"));
        var failure = (await refused.AskAsync("""{"prompt":"Hi"}""", "acme")).Failure!;
        Assert.Equal("LLM_AUTH_FAILED", failure.Code);
        Assert.DoesNotContain(Own, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_that_a_server_of_ones_own_is_given_as_key_stays_a_word()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("ollama answers")));
        await using var room = Room(peer, "ollama", needsKey: false, new Given("acme", SecretAnswer.Of(Own)));

        Assert.Equal("ollama answers", (await room.AskAsync("""{"prompt":"Hi"}""", "other")).Result.GetText("response_text"));
    }

    [Theory]
    [Trait("id", "SEC-17")]
    [InlineData("""{"name":"a","base_url":"http://x/v1","model":"m","api_key_setting":"HOUSE_KEY"}""", "HOUSE_KEY", "h", false)]
    [InlineData("""{"name":"a","base_url":"http://x/v1","model":"m","api_key_secret":"OWN_KEY"}""", "OWN_KEY", null, true)]
    [InlineData("""{"name":"a","base_url":"http://x/v1","model":"m","api_key_setting":"HOUSE_KEY","api_key_secret":"OWN_KEY"}""", "OWN_KEY", "h", true)]
    [InlineData("""{"name":"a","base_url":"http://x/v1","model":"m"}""", null, null, false)]
    public void The_secret_has_the_settings_name_unless_it_is_named(string endpoint, string? secret, string? key, bool needsKey)
    {
        var options = ModelsOptions.Read(name => name switch { "AOS_MODELS" => "models", "HOUSE_KEY" => "h", _ => null }, _ => Json.Parse($$"""{"endpoints":[{{endpoint}}]}"""));

        Assert.Empty(options.Problems);
        var read = Assert.Single(options.Endpoints);
        Assert.Equal((secret, key, needsKey), (read.KeySecret, read.ApiKey, read.NeedsKey));
    }

    private static ModelRoom Room(ModelServer provider, string? key, bool needsKey, ISecrets secrets) => new(
        new ModelsOptions
        {
            Endpoints = [new ModelEndpoint("anthropic", ModelWire.Anthropic, provider.Origin, key, "claude-sonnet-4-20250514", false, true) { KeySecret = "MODEL_KEY", NeedsKey = needsKey }],
            DefaultProvider = "anthropic",
        },
        secrets,
        new Uri(provider.Origin).Authority);

    /// <summary>One tenant has the secret.</summary>
    private sealed class Given(string tenant, SecretAnswer answer) : ISecrets
    {
        public ValueTask<SecretAnswer?> FindAsync(SecretAsk ask, CancellationToken cancel) =>
            ValueTask.FromResult(ask is { Name: "MODEL_KEY", Skill: "llm_invoke" } && ask.Tenant.Value == tenant ? answer : null);
    }
}
