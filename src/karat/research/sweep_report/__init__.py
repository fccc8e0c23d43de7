"""The self-contained HTML page of a sweep: `page.render` of what `story.story_of` gathers."""
