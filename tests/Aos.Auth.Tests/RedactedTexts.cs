using Aos.App.Server;
using Aos.Contracts;
using Aos.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>Secrets and what is a person's do not get into logs, nor into memory where the house says so.</summary>
[Trait("store", "none")]
public sealed class RedactedTexts
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("id", "F5.68-07")]
    public void A_line_of_the_log_holds_no_secret(bool isJson)
    {
        using var log = new CapturedLog(isJson);
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var logger = factory.CreateLogger("Aos.Test");

        using (logger.BeginScope(new RequestFields("Bearer abc123def456", "order-77")))
            logger.LogWarning(new EventId(7, "x"), new InvalidOperationException("postgres://app:hunter22@db/x"), "Mail {To} has api_key={ApiKey}.", "jo@example.com", "abcd1234efgh");

        var entry = Assert.Single(log.Entries);
        Assert.All(["abc123def456", "hunter22", "jo@example.com", "abcd1234efgh"], secret => Assert.DoesNotContain(secret, entry, StringComparison.Ordinal));
        Assert.All(["order-77", "[REDACTED_EMAIL]", "postgres://[REDACTED]@db/x"], shown => Assert.Contains(shown, entry, StringComparison.Ordinal));
        if (isJson) Assert.Equal(Redactor.Marker, Json.Parse(entry).GetText("api_key"));
    }

    [Theory]
    [InlineData(Redaction.None, "jo@example.com", "Bearer abc123def456", "hunter22")]
    [InlineData(Redaction.Secrets, "jo@example.com", "Bearer [REDACTED]", "[REDACTED]")]
    [InlineData(Redaction.Personal, "[REDACTED_EMAIL]", "Bearer [REDACTED]", "[REDACTED]")]
    [Trait("id", "F5.68-09")]
    public async Task An_entry_of_memory_is_written_as_the_house_says(Redaction level, string to, string said, string password)
    {
        await using var house = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new PinRedaction(level)));
        var made = await house.AskAsync(
            "POST", "/api/v1/memory/pins", """{"key":"k","value":{"to":"jo@example.com","said":"Bearer abc123def456","password":"hunter22"}}""", ("X-AOS-Key", AuthHouse.FirstKey));
        var kept = (await house.Services.GetRequiredService<IMemory>().ReadAsync(TenantId.Default, "test", ["k"], TestContext.Current.CancellationToken))[0]!.Value;

        Assert.Equal(201, made.Status);
        Assert.Equal((to, said, password), (kept.GetText("to"), kept.GetText("said"), kept.GetText("password")));
    }
}
