using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>Published list prices, without discounts for batches. A file of one's own goes above them.</summary>
internal static class ShippedPrices
{
    private const string AnthropicList = "https://www.anthropic.com/pricing";
    private const string OpenAiList = "https://openai.com/api/pricing";

    internal static ImmutableArray<ModelPrice> All { get; } =
    [
        Anthropic("claude-opus-4-5-20251101", 500, 2500, 2025, 11, 24, "claude-opus-4-5"),
        Anthropic("claude-opus-4-1-20250805", 1500, 7500, 2025, 8, 5, "claude-opus-4-1"),
        Anthropic("claude-opus-4-20250514", 1500, 7500, 2025, 5, 22, "claude-opus-4-0", "claude-opus-4"),
        Anthropic("claude-sonnet-4-5-20250929", 300, 1500, 2025, 9, 29, "claude-sonnet-4-5"),
        Anthropic("claude-sonnet-4-20250514", 300, 1500, 2025, 5, 22, "claude-sonnet-4-0", "claude-sonnet-4"),
        Anthropic("claude-haiku-4-5-20251001", 100, 500, 2025, 10, 15, "claude-haiku-4-5"),
        Anthropic("claude-3-7-sonnet-20250219", 300, 1500, 2025, 2, 24, "claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
        Anthropic("claude-3-5-sonnet-20241022", 300, 1500, 2024, 10, 22, "claude-3-5-sonnet-latest", "claude-3-5-sonnet", "claude-3-5-sonnet-20240620"),
        Anthropic("claude-3-5-haiku-20241022", 80, 400, 2024, 11, 4, "claude-3-5-haiku-latest", "claude-3-5-haiku"),
        Anthropic("claude-3-opus-20240229", 1500, 7500, 2024, 3, 4, "claude-3-opus-latest", "claude-3-opus"),
        Anthropic("claude-3-haiku-20240307", 25, 125, 2024, 3, 13, "claude-3-haiku") with { CacheWriteCentsPerMillion = 30, CacheReadCentsPerMillion = 3 },
        Anthropic("*", 300, 1500, 2024, 3, 4),
        OpenAi("gpt-4o", 250, 125, 1000, 2024, 10, 2, "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"),
        OpenAi("gpt-4o-mini", 15, 7.5m, 60, 2024, 7, 18, "gpt-4o-mini-2024-07-18"),
        OpenAi("gpt-4.1", 200, 50, 800, 2025, 4, 14, "gpt-4.1-2025-04-14"),
        OpenAi("gpt-4.1-mini", 40, 10, 160, 2025, 4, 14, "gpt-4.1-mini-2025-04-14"),
        OpenAi("gpt-4.1-nano", 10, 2.5m, 40, 2025, 4, 14, "gpt-4.1-nano-2025-04-14"),
        OpenAi("gpt-5", 125, 12.5m, 1000, 2025, 8, 7, "gpt-5-2025-08-07"),
        OpenAi("gpt-5-mini", 25, 2.5m, 200, 2025, 8, 7, "gpt-5-mini-2025-08-07"),
        OpenAi("gpt-5-nano", 5, 0.5m, 40, 2025, 8, 7, "gpt-5-nano-2025-08-07"),
        OpenAi("text-embedding-3-small", 2, null, 0, 2024, 1, 25),
        OpenAi("text-embedding-3-large", 13, null, 0, 2024, 1, 25),
        OpenAi("text-embedding-ada-002", 10, null, 0, 2023, 6, 13),
        OpenAi("*", 250, null, 1000, 2024, 10, 2),
        new("scripted", "*", 0, 0, new DateOnly(2024, 1, 1), "recorded answers cost nothing", []),
    ];

    /// <summary>Of all models but one a token written into the prompt cache, kept for 5 minutes, costs a quarter more than one read, and one read from it a tenth.</summary>
    private static ModelPrice Anthropic(string model, decimal input, decimal output, int year, int month, int day, params ImmutableArray<string> aliases) =>
        new("anthropic", model, input, output, new DateOnly(year, month, day), AnthropicList, aliases) { CacheWriteCentsPerMillion = input * 1.25m, CacheReadCentsPerMillion = input * 0.1m };

    /// <param name="cached">Of a token that the provider found in its prompt cache, into which it writes for nothing; null: no discount is published.</param>
    private static ModelPrice OpenAi(string model, decimal input, decimal? cached, decimal output, int year, int month, int day, params ImmutableArray<string> aliases) =>
        new("openai", model, input, output, new DateOnly(year, month, day), OpenAiList, aliases) { CacheReadCentsPerMillion = cached };
}
