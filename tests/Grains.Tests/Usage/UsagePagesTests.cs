using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Tests.Usage;

public sealed class UsagePagesTests
{
    private static readonly DateTimeOffset Begin = new(2030, 5, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly UsageQuery Query = new(null, null, Begin, Begin.AddDays(30), UsageGranularity.Hour, UsageGroups.None, 0, 1);

    [Fact]
    public async Task All_rows_are_read_in_order_and_sealed_is_what_was_sealed_before_the_first_of_them_was_read()
    {
        var sealedHours = 100;
        var page = await UsagePages.ReadAllAsync(query => Task.FromResult(Page(query, 2_500, Begin.AddHours(sealedHours++))), Query);
        Assert.Equal(Enumerable.Range(0, 2_500).Select(index => Begin.AddMinutes(index)), page.Rows.Select(row => row.From));
        Assert.Equal((false, Begin.AddHours(100)), (page.More, page.SealedUntil));
    }

    [Fact]
    public async Task Reading_ends_where_there_are_more_rows_than_wanted()
    {
        var questions = 0;
        var page = await UsagePages.ReadAllAsync(
            query =>
            {
                questions++;
                return Task.FromResult(Page(query, 10_000, Begin));
            },
            Query,
            maxRows: 1_500);
        Assert.Equal((true, 2), (page.More, questions));
    }

    private static UsagePage Page(UsageQuery query, int rows, DateTimeOffset sealedUntil) => new(
        [.. Enumerable.Range(0, rows).Skip(query.Offset).Take(query.Limit).Select(index => new UsageRow(Begin.AddMinutes(index), Begin.AddMinutes(index + 1), null, null, null, null, null, null, default))],
        query.Offset + query.Limit < rows,
        sealedUntil);
}
