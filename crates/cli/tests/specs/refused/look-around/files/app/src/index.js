export const answer = () => "yes"
