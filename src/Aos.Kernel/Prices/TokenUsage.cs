namespace Aos.Kernel;

/// <summary>Tokens of one call.</summary>
/// <param name="Input">All tokens read, those of the provider's prompt cache among them.</param>
/// <param name="Output">Tokens written.</param>
/// <param name="CacheRead">Of the input: read from the provider's prompt cache.</param>
/// <param name="CacheWritten">Of the input: written into it.</param>
public readonly record struct TokenUsage(long Input, long Output, long CacheRead = 0, long CacheWritten = 0);
