"""What tests share. Not here: anything the product needs."""
