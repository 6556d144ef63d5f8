using System.Globalization;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>Settings of incoming webhooks.</summary>
public sealed class WebhookOptions
{
    /// <summary>Bytes of a delivery's body. Default 1 MiB.</summary>
    public int BodyBytesMax { get; set; } = 1024 * 1024;

    /// <summary>Requests a minute to one endpoint. Default 600.</summary>
    public int EndpointPerMinute { get; set; } = 600;

    /// <summary>Requests a minute from one address, to all endpoints together. Default 300.</summary>
    public int AddressPerMinute { get; set; } = 300;

    /// <summary>False: requests are not limited in number.</summary>
    public bool LimitsRequests { get; set; } = true;

    /// <summary>How long deliveries are kept. Default 30 days.</summary>
    public TimeSpan Kept { get; set; } = TimeSpan.FromDays(30);

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>
    /// Reads <c>AOS_WEBHOOK_BODY_BYTES_MAX</c> (1 KiB to 32 MiB), <c>AOS_WEBHOOK_RATE_PER_MINUTE</c> and <c>AOS_WEBHOOK_ADDRESS_RATE_PER_MINUTE</c> (1 to
    /// 1,000,000), <c>AOS_WEBHOOK_KEEP</c> (a day to ten years) and <c>RATE_LIMIT_ENABLED</c>.
    /// </summary>
    public static WebhookOptions Read(Func<string, string?> setting)
    {
        var problems = new List<string>();
        int Whole(string name, int min, int max, int otherwise)
        {
            if (setting(name) is not { } text) return otherwise;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
            problems.Add($"{name} is a whole number from {min} to {max}, not '{text}'.");
            return otherwise;
        }

        TimeSpan Age(string text, TimeSpan otherwise)
        {
            if (Durations.Read(Json.Of(text)) is { } age && age >= TimeSpan.FromDays(1)) return age;
            problems.Add("AOS_WEBHOOK_KEEP must be a time of at least a day, such as 30d.");
            return otherwise;
        }

        var usual = new WebhookOptions();
        return new WebhookOptions
        {
            BodyBytesMax = Whole("AOS_WEBHOOK_BODY_BYTES_MAX", 1024, 32 * 1024 * 1024, usual.BodyBytesMax),
            EndpointPerMinute = Whole("AOS_WEBHOOK_RATE_PER_MINUTE", 1, 1_000_000, usual.EndpointPerMinute),
            AddressPerMinute = Whole("AOS_WEBHOOK_ADDRESS_RATE_PER_MINUTE", 1, 1_000_000, usual.AddressPerMinute),
            Kept = setting("AOS_WEBHOOK_KEEP") is { } kept ? Age(kept, usual.Kept) : usual.Kept,
            LimitsRequests = setting("RATE_LIMIT_ENABLED") is not { } limits || !limits.Equals("false", StringComparison.OrdinalIgnoreCase),
            Problems = problems,
        };
    }
}
