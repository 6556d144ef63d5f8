namespace Aos.Memory.Tests;

[Trait("store", "none")]
public sealed class Settings
{
    [Fact]
    [Trait("id", "E5-36")]
    public void Settings_are_read_and_what_is_wrong_with_them_is_told()
    {
        var usual = Read([]);
        var own = Read(new()
        {
            ["EMBEDDING_PROVIDER"] = "OpenAI", ["EMBEDDING_DIMENSIONS"] = "256", ["EMBEDDING_DAILY_QUOTA"] = "0", ["AOS_RECALL_CACHE_MB"] = "64", ["AOS_RECALL_NOTES_MAX"] = "7", ["AOS_RECALL_KEEP"] = "30d",
        });
        var wrong = Read(new() { ["EMBEDDING_PROVIDER"] = "ollama", ["EMBEDDING_DAILY_QUOTA"] = "-1", ["AOS_RECALL_KEEP"] = "soon", ["EMBEDDING_DIMENSIONS"] = "5000" });

        Assert.Equal(("builtin", 10_000, true, null), (usual.Provider, usual.DailyQuota, usual.SearchesVectors, usual.ModelName));
        Assert.Equal(("openai/text-embedding-3-small:256", 0, 64L << 20, 7, TimeSpan.FromDays(30)), (own.ModelName, own.DailyQuota, own.CacheBytes, own.NotesMax, own.Kept!.Value));
        Assert.Empty(usual.Problems.Concat(own.Problems));
        Assert.Equal(4, wrong.Problems.Count);
        Assert.False(Read(new() { ["VECTOR_SEARCH_ENABLED"] = "False" }).SearchesVectors);
    }

    private static RecallOptions Read(Dictionary<string, string> settings) => RecallOptions.Read(settings.GetValueOrDefault);
}
