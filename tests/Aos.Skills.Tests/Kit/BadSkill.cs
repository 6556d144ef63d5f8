using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Microsoft.Extensions.Logging;

namespace Aos.Skills.Tests.Kit;

internal sealed record BadIn([StringLength(1_000_000)] string Text, string? Token = null);

internal sealed record BadOut(string Text, [Range(0, 9)] int Count = 0);

internal sealed record OpenIn(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BadIn))]
[JsonSerializable(typeof(BadOut))]
internal sealed partial class BadJson : JsonSerializerContext;

/// <summary>Lacks what refuses unknown names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(OpenIn))]
internal sealed partial class OpenJson : JsonSerializerContext;

/// <summary>A skill that breaks one promise, as it is told to.</summary>
internal sealed class BadSkill(string fault, ILogger? log = null) : ISkill<BadIn, BadOut>
{
    private readonly HashSet<string> keys = [];
    private int calls;

    internal int Effects { get; private set; }

    public SkillContract Contract => new()
    {
        Name = "bad",
        Version = fault == "version" ? "1" : "1.0.0",
        Description = "Breaks a promise.",
        Effect = fault == "pure_effect" ? EffectClass.Pure : EffectClass.Idempotent,
        StableFields = fault == "unknown_stable" ? ["text", "missing"] : ["text"],
        SecretParams = fault == "unknown_secret" ? ["token", "password"] : ["token"],
        FreeParams = ["text"],
        FailureModes = [new FailureMode("DATA_NOT_FOUND", 0.1, "The text is missing.")],
    };

    public JsonTypeInfo<BadIn> Input => BadJson.Default.BadIn;

    public JsonTypeInfo<BadOut> Output => BadJson.Default.BadOut;

    public async Task<SkillAnswer<BadOut>> InvokeAsync(BadIn input, SkillCall call, CancellationToken cancel)
    {
        if (keys.Add(call.IdempotencyKey) || fault is "twice" or "pure_effect") Effects++;
        switch (fault)
        {
            case "throws" when input.Text.Contains("..", StringComparison.Ordinal): throw new InvalidOperationException("no such path");
            case "slow" when input.Text == "long": await new TaskCompletionSource().Task; break;
            case "wrong_exception" when call.Timeout > TimeSpan.FromMinutes(1): await WrongAsync(cancel); break;
            case "logs": log!.LogWarning("token {Token}", input.Token); break;
            case "unlisted" when input.Text == "missing": return new SkillAnswer<BadOut>(null, FailureCatalog.Fail("DNS_FAILURE", "Not among its failure modes."));
            case "no_code" when input.Text == "missing": return new SkillAnswer<BadOut>(null, FailureCatalog.Fail("DATA_NOT_FOUND", "x") with { Code = "OOPS" });
        }

        if (input.Text == "missing") return new SkillAnswer<BadOut>(null, FailureCatalog.Fail("DATA_NOT_FOUND", $"There is no text{(fault == "fails_secret" ? " for " + Hex(input.Token) : "")}."));
        if (input.Text == "long") await Endless(cancel);
        return new SkillAnswer<BadOut>(new BadOut(
            fault switch
            {
                "random" => $"{++calls}",
                "by_key" => call.IdempotencyKey,
                "secret" => Convert.ToBase64String(Encoding.UTF8.GetBytes(input.Token ?? "")),
                "backwards" => string.Concat((input.Token ?? "").Reverse()),
                "null" => null!,
                _ => input.Text,
            },
            fault == "range" ? 99 : 0));
    }

    private static Task Endless(CancellationToken cancel) => new TaskCompletionSource().Task.WaitAsync(cancel);

    private static string Hex(string? text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text ?? ""));

    private static async Task WrongAsync(CancellationToken cancel)
    {
        try
        {
            await Endless(cancel);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException("It was called off.");
        }
    }
}

/// <summary>Takes any name and does nothing with it.</summary>
internal sealed class OpenSkill : ISkill<OpenIn, BadOut>
{
    public SkillContract Contract { get; } = new() { Name = "open", Version = "1.0.0", Description = "Takes anything.", Effect = EffectClass.Idempotent };

    public JsonTypeInfo<OpenIn> Input => OpenJson.Default.OpenIn;

    public JsonTypeInfo<BadOut> Output => BadJson.Default.BadOut;

    public Task<SkillAnswer<BadOut>> InvokeAsync(OpenIn input, SkillCall call, CancellationToken cancel) => Task.FromResult(new SkillAnswer<BadOut>(new BadOut(input.Text)));
}
