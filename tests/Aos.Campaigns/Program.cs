return args switch
{
    ["properties", .. var rest] => Aos.Campaigns.PropertyCampaign.Start(rest),
    _ => 2,
};
